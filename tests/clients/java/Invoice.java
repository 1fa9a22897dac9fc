import java.io.FileOutputStream;
import java.security.*;
import java.security.cert.X509Certificate;
import java.util.*;
import javax.xml.crypto.dsig.*;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.keyinfo.*;
import javax.xml.crypto.dsig.spec.*;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;

/**
 * Signs an electronic tax invoice: enveloped XML signature, RSA-SHA256, exclusive canonical form, the certificate in
 * KeyInfo: java Invoice.java CONFIGURATION PASSWORD IN OUT
 */
public class Invoice {
    public static void main(String[] arguments) throws Exception {
        Provider provider = Security.getProvider("SunPKCS11").configure(arguments[0]);
        KeyStore store = KeyStore.getInstance("PKCS11", provider);
        store.load(null, arguments[1].toCharArray());
        DocumentBuilderFactory documents = DocumentBuilderFactory.newInstance();
        documents.setNamespaceAware(true);
        var document = documents.newDocumentBuilder().parse(arguments[2]);

        for (String alias : Collections.list(store.aliases())) {
            X509Certificate certificate = (X509Certificate) store.getCertificate(alias);
            if (!store.isKeyEntry(alias) || !certificate.getKeyUsage()[0]) continue;

            XMLSignatureFactory xml = XMLSignatureFactory.getInstance("DOM");
            var without = List.of(
                    xml.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null),
                    xml.newTransform(CanonicalizationMethod.EXCLUSIVE, (TransformParameterSpec) null));
            Reference all = xml.newReference("", xml.newDigestMethod(DigestMethod.SHA256, null), without, null, null);
            SignedInfo what = xml.newSignedInfo(
                    xml.newCanonicalizationMethod(CanonicalizationMethod.EXCLUSIVE, (C14NMethodParameterSpec) null),
                    xml.newSignatureMethod("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", null),
                    List.of(all));
            KeyInfoFactory info = xml.getKeyInfoFactory();
            KeyInfo who = info.newKeyInfo(List.of(info.newX509Data(List.of(certificate))));
            DOMSignContext where = new DOMSignContext(store.getKey(alias, null), document.getDocumentElement());
            // The key lives in the module: another provider could not sign with it.
            where.setProperty("org.jcp.xml.dsig.internal.dom.SignatureProvider", provider);
            xml.newXMLSignature(what, who).sign(where);

            try (var out = new FileOutputStream(arguments[3])) {
                TransformerFactory.newInstance().newTransformer().transform(new DOMSource(document), new StreamResult(out));
            }
            return;
        }
        throw new IllegalStateException("no certificate for signing");
    }
}
