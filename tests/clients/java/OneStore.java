import java.io.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.X509Certificate;
import java.util.*;

/**
 * One KeyStore over all media: java OneStore.java CONFIGURATION PASSWORD [FOLDER]. Whenever a line comes in, it loads the
 * store, signs with every signing certificate, verifies, and prints the owners; it ends with its input. What was signed, the
 * signature and the certificate are left in the folder.
 */
public class OneStore {
    public static void main(String[] arguments) throws Exception {
        Provider provider = Security.getProvider("SunPKCS11").configure(arguments[0]);
        KeyStore store = KeyStore.getInstance("PKCS11", provider);
        var lines = new BufferedReader(new InputStreamReader(System.in));
        while (lines.readLine() != null) {
            store.load(null, arguments[1].toCharArray());
            var owners = new TreeSet<String>();
            for (String alias : Collections.list(store.aliases())) {
                X509Certificate certificate = (X509Certificate) store.getCertificate(alias);
                if (!store.isKeyEntry(alias) || !certificate.getKeyUsage()[0]) continue;
                byte[] data = alias.getBytes();
                Signature signature = Signature.getInstance("SHA256withRSA", provider);
                signature.initSign((PrivateKey) store.getKey(alias, null));
                signature.update(data);
                byte[] signed = signature.sign();
                // Java's own provider judges, not the module.
                Signature judge = Signature.getInstance("SHA256withRSA", "SunRsaSign");
                judge.initVerify(certificate);
                judge.update(data);
                if (!judge.verify(signed)) throw new SignatureException(alias);
                String owner = certificate.getSubjectX500Principal().getName().replaceAll("^CN=([A-Za-z ]+).*", "$1");
                owners.add(owner);
                if (arguments.length > 2) {
                    Files.write(Path.of(arguments[2], owner + ".data"), data);
                    Files.write(Path.of(arguments[2], owner + ".signature"), signed);
                    Files.write(Path.of(arguments[2], owner + ".der"), certificate.getEncoded());
                }
            }
            System.out.println(String.join(", ", owners));
            System.out.flush();
        }
    }
}
